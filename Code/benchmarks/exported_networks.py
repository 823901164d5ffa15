"""All exported forms of all networks beside Keras: size, speed, agreement and mean IoU.

    .venv/bin/python -m pip install -e ".[export]"
    .venv/bin/python Code/benchmarks/exported_networks.py [--output FILE]

The weights that ship, and an edgesegnet trained with `quick`. Renders worlds of two seeds: one
calibrates and trains edgesegnet, the other is measured on (and chose the best epoch of edgesegnet). Let
nothing run beside it: all forms of a network are timed in turns.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import roadscenes
from benchmarks import harness
from roadseg import networks, training
from roadseg.data import preprocess, splits, store
from roadseg.inference import export, export_formats

FOLDER = Path(__file__).resolve().parents[1] / "Runs/exported_networks"
_KNOWN, _HELD_OUT = 0, 8  # seeds; the second has trained none of the weights that ship


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of scenes and files")
    options = parser.parse_args()
    frames = rendered(options.folder)
    load, measured = os.getloadavg()[0], {}  # the load of a quiet machine is below 0.5
    for trained in ("simple", "simple_plus", train_edgesegnet(frames, options.folder / "edgesegnet")):
        _, table = export.export(
            trained,
            [each for each in export_formats.FORMATS if not each.page],  # a page is its ONNX file
            frames.path,
            validation=None if Path(trained).is_dir() else [f"worlds-{_HELD_OUT}"],  # a run has its own
            folder=options.folder / "files",
            overwrite=True,
        )
        measured[Path(trained).name] = table.to_dict("index")
    print(as_markdown(measured))
    harness.report({"load_before": load, "networks": measured}, options.output)


def rendered(folder: Path) -> store.FrameStore:
    """Frames of all worlds of both seeds, 125 x 414."""
    preprocess.to_hdf5(roadscenes.render_seeds(folder, (_KNOWN, _HELD_OUT)), folder / "store")
    return store.open(folder / "store")


def train_edgesegnet(frames: store.FrameStore, folder: Path) -> Path:
    """The folder of its run; continues an interrupted one."""
    network = networks.build("edgesegnet", frames.image_shape, frames.num_classes)
    split = splits.by_sequence(frames, [f"worlds-{_HELD_OUT}"])
    return training.train(network, frames, split, training.get_recipe("quick"), folder).folder


def as_markdown(measured: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The table of docs/export.md, of network -> form -> column -> value: a row for each form."""
    cells = [f"`{network}`: frames/s | mean IoU" for network in measured]
    lines = [" | ".join(["| form", *cells]) + " |", "|---" * (1 + 2 * len(cells)) + "|"]
    for form in next(iter(measured.values())):
        rows = [forms[form] for forms in measured.values()]
        cells = [f"{row['frames/s']:.0f} | {row['mean IoU']:.4f}" for row in rows]
        lines.append(" | ".join([f"| {form}", *cells]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
