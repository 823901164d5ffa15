"""The rendered scenes: files, geometry, light, and that the same seed gives the same bytes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import roadscenes
from roadscenes.camera import Camera
from roadscenes.instances import Instances
from roadscenes.labels import CAR, MISC, ROAD, SKY, TERRAIN, TRUCK, VAN
from roadscenes.layouts import LAYOUTS
from roadscenes.light import VARIATIONS, Light
from roadscenes.mesh import box, join, panel
from roadscenes.photograph import View
from roadscenes.scene import Backdrop, Scene
from roadscenes.worlds import World
from roadseg.data import sources
from roadseg.errors import DataError

RENDERED = {"worlds": ["0001", "0018"], "variations": ["clone", "fog", "30-deg-left"], "frames": [0, 9]}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("miniature") / "scenes"
    roadscenes.render(folder, **RENDERED, progress=False)
    return folder


def test_the_files_are_those_of_virtual_kitti(rendered):
    names = sorted(str(path.relative_to(rendered)) for path in rendered.rglob("*.png"))
    assert len(names) == 2 * 2 * 3 * 2
    assert "vkitti_1.3.1_rgb/0018/30-deg-left/00009.png" in names
    with Image.open(rendered / "vkitti_1.3.1_rgb/0001/fog/00000.png") as picture:
        assert (picture.size, picture.mode, picture.format) == ((1242, 375), "RGB", "PNG")
    encoding = rendered / "vkitti_1.3.1_scenegt/0001_fog_scenegt_rgb_encoding.txt"
    lines = encoding.read_text().splitlines()
    assert lines[:3] == ["Category(:id) r g b", "Terrain 210 0 200", "Sky 90 200 255"]
    assert any(line.startswith("Car:") for line in lines)


@pytest.mark.parametrize("kind", ["miniature", "virtual_kitti_1"])
def test_the_reader_of_the_real_data_set_reads_them(rendered, kind):
    source = sources.open(rendered, kind)
    assert source.sequences() == sorted(
        f"{w}/{v}" for w in RENDERED["worlds"] for v in RENDERED["variations"]
    )
    for frame in source.frames("0001"):
        picture, labels = source.read(frame)  # raises DataError at any colour that is not listed
        assert np.asarray(picture).std() > 10
        assert np.isin([ROAD, TERRAIN], labels).all()


def test_they_are_recognised(rendered):
    assert sources.open(rendered).kind == "miniature"


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(rendered, tmp_path):
    roadscenes.render(tmp_path / "again", **RENDERED, workers=1, progress=False)
    assert digests(tmp_path / "again") == digests(rendered)


@pytest.mark.parametrize("randomise", [False, True])
def test_a_variation_looks_the_same_alone_and_beside_others(tmp_path, randomise):
    for folder, variations in (("alone", ["rain"]), ("together", ["clone", "overcast", "rain"])):
        roadscenes.render(
            tmp_path / folder, ["0018"], variations, [3], randomise=randomise, progress=False
        )
    rain = Path("vkitti_1.3.1_rgb/0018/rain/00003.png")
    alone, together = ((tmp_path / folder / rain).read_bytes() for folder in ("alone", "together"))
    assert alone == together


def test_another_seed_gives_another_world(rendered, tmp_path):
    roadscenes.render(tmp_path / "other", worlds=["0018"], frames=1, seed=1, progress=False)
    name = "vkitti_1.3.1_rgb/0018/clone/00000.png"
    assert (tmp_path / "other" / name).read_bytes() != (rendered / name).read_bytes()


def test_randomised_frames_show_the_same_things_in_other_light_and_colours(rendered, tmp_path):
    asked = {"worlds": ["0018"], "variations": ["clone"], "frames": [0, 9], "randomise": True}
    for folder in ("randomised", "again"):
        roadscenes.render(tmp_path / folder, **asked, progress=False)
    assert digests(tmp_path / "randomised") == digests(tmp_path / "again")
    darkening = []
    for frame in ("0018/clone/00000.png", "0018/clone/00009.png"):
        label, picture = (f"{part}/{frame}" for part in ("vkitti_1.3.1_scenegt", "vkitti_1.3.1_rgb"))
        assert (tmp_path / "randomised" / label).read_bytes() == (rendered / label).read_bytes()
        plain, randomised = (
            np.asarray(Image.open(folder / picture)) / 255
            for folder in (rendered, tmp_path / "randomised")
        )
        assert np.abs(plain - randomised).mean() > 0.02
        darkening.append(randomised.mean() / plain.mean())
    assert abs(darkening[0] - darkening[1]) > 0.05  # each frame has its own light
    with pytest.raises(DataError, match="randomise"):
        roadscenes.render(tmp_path / "randomised", ["0018"], frames=2, progress=False)


def test_an_interrupted_rendering_continues_and_a_later_one_adds(rendered, tmp_path):
    target = tmp_path / "scenes"
    roadscenes.render(target, ["0018"], ["clone"], [0, 5, 9], progress=False)
    picture, label = (
        target / f"{part}/0018/clone/0000{number}.png"
        for part, number in (("vkitti_1.3.1_rgb", 9), ("vkitti_1.3.1_scenegt", 0))
    )
    picture.unlink()
    label.unlink()
    kept = {path: path.stat().st_mtime_ns for path in target.rglob("00005.png")}
    assert len(kept) == 2
    roadscenes.render(target, ["0018"], ["clone", "fog"], [0, 9], progress=False)
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    written = {path: path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}
    roadscenes.render(target, ["0018"], ["clone", "fog"], [0, 9], progress=False)
    assert written == {path: path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}
    expected = {
        name: digest
        for name, digest in digests(rendered).items()
        if "0018" in name and "30-deg" not in name
    }
    found = {name: digest for name, digest in digests(target).items() if "00005" not in name}
    found.pop("miniature.json")
    assert found == expected


def test_frames_of_another_version_of_the_project_are_not_mixed_with_new_ones(tmp_path):
    target = tmp_path / "scenes"
    roadscenes.render(target, ["0018"], frames=1, progress=False)
    encoding = target / "vkitti_1.3.1_scenegt/0018_clone_scenegt_rgb_encoding.txt"
    encoding.write_text(encoding.read_text().replace("Car:0 ", "Van:0 "))
    with pytest.raises(DataError, match="another version"):
        roadscenes.render(target, ["0018"], frames=2, progress=False)


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        roadscenes.render(tmp_path / "file" / "scenes", progress=False)


@pytest.mark.parametrize("name", ["0001/{}/00000.png", "0018/{}/00009.png"])
def test_variations_share_the_labels_and_turned_cameras_do_not(rendered, name):
    clone, fog, left = (
        (rendered / "vkitti_1.3.1_scenegt" / name.format(variation)).read_bytes()
        for variation in RENDERED["variations"]
    )
    assert clone == fog
    assert clone != left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"worlds": ["0003"]}, "0003"),
        ({"variations": ["snow"]}, "snow"),
        ({"worlds": []}, "choose from"),
        ({"worlds": "0003"}, "0003"),
        ({"frames": [447]}, r"447\.\.447: world 0001 has the frames 0\.\.446"),
        ({"frames": 0}, r"0\.\.446"),
    ],
)
def test_unknown_names_and_frames_are_refused(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        roadscenes.render(tmp_path / "scenes", **arguments)
    assert not (tmp_path / "scenes").exists()


def test_a_folder_with_anything_else_is_refused(rendered, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DataError, match="other files"):
        roadscenes.render(tmp_path)
    with pytest.raises(DataError, match="'seed': 0"):
        roadscenes.render(rendered, seed=5)


def scene(*moving) -> Scene:
    """A road without end at z = 0, and boxes of Misc on it."""
    road = panel((-500, -500, 0), (1000, 0, 0), (0, 1000, 0), "asphalt", (0.3, 0.3, 0.3), ROAD)
    return Scene(Backdrop(road), join(moving or [box((1, 1, 1), "flat", at=(-50, 0, 0))]))


def look(subject: Scene, light: Light, heading: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    view = View(subject, Camera((0, 0, 1.5), heading, 0.0))
    return view.picture(light, np.random.default_rng(0)), view.owners


def test_the_camera_is_that_of_virtual_kitti():
    """f = 725, centre (620.5, 187): a plate 2 m wide and 1 m high, 10 m ahead."""
    plate = panel((10, -1, 1.5), (0, 2, 0), (0, 0, 1), "flat", owner=MISC)
    _, owner = look(scene(plate), Light())
    rows, columns = np.nonzero(owner == MISC)
    assert (columns.min(), columns.max()) == (548, 693)  # 620.5 -+ 72.5, where the edge belongs to it
    assert (rows.min(), rows.max()) == (115, 187)  # 187 - 72.5 .. 187
    assert len(rows) == (693 - 548 + 1) * (187 - 115 + 1)
    assert owner[0, 0] == SKY
    assert owner[-1, 0] == ROAD


def test_a_camera_turned_to_the_left_sees_things_further_right():
    plate = panel((10, -1, 1.5), (0, 2, 0), (0, 0, 1), "flat", owner=MISC)
    ahead, left = (look(scene(plate), Light(), turn)[1] == MISC for turn in (0.0, np.radians(15)))
    shift = np.nonzero(left)[1].mean() - np.nonzero(ahead)[1].mean()
    assert shift == pytest.approx(725 * np.tan(np.radians(15)), rel=0.02)


def test_labels_are_hard_and_pictures_are_not():
    plate = panel((10, -1.003, 1.5), (0, 2, 0), (0, 0.31, 1), "flat", (0.9, 0.1, 0.1), owner=MISC)
    picture, owner = look(scene(plate), Light(clouds=0.0))
    assert set(np.unique(owner)) == {ROAD, SKY, MISC}
    rows, columns = np.nonzero((owner[120:180, 1:] == MISC) != (owner[120:180, :-1] == MISC))
    colours = picture[120:180].astype(int)
    plate_colour, sky_colour = colours[30, 640], colours[30, 300]

    def is_mixed(beside):
        return np.all([np.abs(beside - each).sum(1) > 30 for each in (plate_colour, sky_colour)], axis=0)

    mixed = is_mixed(colours[rows, columns]) | is_mixed(colours[rows, columns + 1])
    assert mixed.mean() > 0.4


def test_the_sun_casts_hard_shadows_and_an_overcast_sky_soft_ones():
    block = box((1, 1, 2), "flat", owner=MISC, at=(8, 1.5, 0))
    sun = Light(sun_height=40, sun_side=90)  # from the left: the shadow falls to the right
    largest_steps = []
    for light, depth in ((sun, 0.6), (VARIATIONS["overcast"], 0.9)):
        lit, shaded = (
            look(scene(*things), light)[0][318:326, 540:800].astype(float) for things in ((), (block,))
        )
        ratio = (shaded / lit).mean(2)
        assert ratio.min() < depth
        assert ratio.max() == pytest.approx(1, abs=0.02)
        steps = np.abs(np.diff(ratio[4]))
        largest_steps.append(steps.max() / np.ptp(ratio[4]))  # share of the range
    assert largest_steps[0] > 0.3
    assert largest_steps[1] < 0.22


def test_fog_hides_what_is_far():
    near, far = (box((1, 2, 2), "flat", (0.02, 0.02, 0.02), MISC, at=(x, 0, 0)) for x in (8, 120))

    def contrast(light, thing):
        picture, owner = look(scene(thing), light)
        return abs(picture[owner == MISC].mean() - picture[owner == SKY].mean())

    fog = VARIATIONS["fog"]
    assert contrast(fog, near) > 60
    assert contrast(fog, far) < 0.3 * contrast(VARIATIONS["overcast"], far)


def test_a_wet_road_mirrors():
    lamp = panel((12, -1, 0.2), (0, 2, 0), (0, 0, 2), "flat", (0.9, 0.0, 0.0), MISC)
    dry, wet = VARIATIONS["overcast"], VARIATIONS["rain"]
    redness = []
    for light in (dry, wet):
        picture, owner = look(scene(lamp), light)
        below = picture[300:330, 600:640].astype(float)
        assert (owner[300:330, 600:640] == ROAD).all()
        redness.append(below[..., 0].mean() - below[..., 2].mean())
    assert redness[1] > redness[0] + 5


def test_instances_have_colours_of_their_own_and_one_colour_may_be_a_car_here_and_a_van_there():
    here, there = Instances(), Instances()
    owners = [here.new_owner(kind) for kind in (CAR, VAN, TRUCK, CAR)]
    there.new_owner(VAN)
    assert owners[2] == TRUCK
    assert here.classes[owners].tolist() == [CAR, VAN, TRUCK, CAR]
    colours = here.colours[[owners[0], owners[1], owners[3]]]
    assert len(np.unique(colours, axis=0)) == 3
    assert ((colours >= 200) & (colours < 250)).all()
    assert here.encoding[-3].startswith("Car:0 ")
    assert there.encoding[-1] == here.encoding[-3].replace("Car:0", "Van:0")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_world_is_a_drive_with_moving_traffic(name):
    world = World(name, seed=3)
    length = LAYOUTS[name].frames
    places = np.array([world.camera(frame)[0] for frame in range(0, length, 10)])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert (steps < 20).all()
    assert steps[0] > 3
    middle = length // 2
    now, next_frame = (world.traffic(frame) for frame in (middle, middle + 1))
    assert {CAR} <= set(world.instances.classes[now.owner].tolist())
    moved = sum(
        not np.array_equal(
            now.vertices[now.owner == owner], next_frame.vertices[next_frame.owner == owner]
        )
        for owner in set(now.owner[1:].tolist()) & set(next_frame.owner.tolist())
    )
    assert moved >= 1


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_vehicle_drives_through_another_or_the_camera(name):
    """Vehicles of a lane keep at least a van's length apart; none of our lane is where the camera is."""
    world, layout = World(name, seed=0), LAYOUTS[name]
    lanes = {}
    for vehicle in world._driving:
        lanes.setdefault((vehicle.road, vehicle.lane), []).append(vehicle)
    for frame in range(0, layout.frames, 10):
        for (road, lane), stream in lanes.items():
            places = np.sort([vehicle.s(frame) for vehicle in stream])
            assert (np.diff(places) > 5.0).all(), (lane, frame)
            if road is world._plan.own and abs(lane.t - layout.camera_t) < 2.0:
                assert np.abs(places - world._camera_s(frame)).min() > 6.0, (lane, frame)


def test_things_stand_on_the_ground_and_not_in_each_other():
    for name in LAYOUTS:
        world = World(name, seed=0)
        places = [(thing.s, thing.t) for thing in world._standing if thing.road is world._plan.own]
        assert len(set(places)) == len(places) > 100
        for thing in world._standing[::7]:
            ground = thing.road.path.at(
                thing.s, thing.t, world._plan.height(thing.road, thing.s, thing.t)
            )
            shape = world._shape(thing.maker, thing.shape)
            lowest = world._put(shape, thing, thing.s).vertices[..., 2].min()
            assert ground[2] - 2.6 < lowest < ground[2] + 0.25, thing  # roots and foundations go deeper


def test_parked_cars_point_the_way_the_traffic_beside_them_goes():
    """It keeps to the right: away from us on our side, towards us on the other."""
    parked = [thing for thing in World("0001", seed=0)._standing if thing.owner is not None]
    assert {thing.t > 0 for thing in parked} == {True, False}
    for thing in parked:
        assert np.cos(thing.yaw) * -np.sign(thing.t) > 0.9


def test_no_post_stands_on_the_road():
    for name, layout in LAYOUTS.items():
        world = World(name, seed=0)
        for thing in world._standing:
            if thing.road is world._plan.own:
                assert abs(thing.t) > layout.half_road, thing


def test_signals_of_one_road_agree():
    """All heads for our road at a crossing light the same lens."""
    world = World("0006", seed=0)
    lights = [thing for thing in world._standing if "traffic_light" in thing.maker.__name__]
    ours = {thing.shape for thing in lights if thing.road is world._plan.own}
    assert len(lights) == 6
    assert len(ours) == 1


def test_all_classes_occur_in_the_worlds():
    seen = set()
    for name in LAYOUTS:
        world = World(name, seed=0)
        frame = LAYOUTS[name].frames // 2
        mesh = join([world.backdrop(world.stretch(frame)), world.traffic(frame)])
        seen |= set(world.instances.classes[np.unique(mesh.owner)].tolist())
    assert seen | {SKY} == set(range(14))
