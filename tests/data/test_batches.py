import numpy as np
import pytest

from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.data.classes import IGNORE

STRONG = Augmentation(scale=(0.5, 2.0), brightness=0.3)


def all_batches(batches, epoch=0):
    return [batches.batch(epoch, number) for number in range(len(batches))]


def test_an_epoch_has_every_frame_once_and_keeps_the_last_short_batch(frames):
    indices = [1, 4, 6, 9, 12, 13, 15]
    batches = all_batches(Batches(frames, indices, batch_size=3))
    assert [len(images) for images, _ in batches] == [3, 3, 1]
    seen = sorted(image.tobytes() for images, _ in batches for image in images)
    assert seen == sorted(frames.images[i].tobytes() for i in indices)


def test_seed_and_epoch_decide_everything(frames):
    def bytes_of(augmentation, seed, epoch):
        batches = all_batches(Batches(frames, range(16), 4, augmentation, seed), epoch)
        return b"".join(images.tobytes() + labels.tobytes() for images, labels in batches)

    for augmentation in (None, STRONG):
        assert bytes_of(augmentation, 0, 3) == bytes_of(augmentation, 0, 3)
        assert len({bytes_of(augmentation, *each) for each in ((0, 0), (0, 1), (1, 0))}) == 3


def test_order_and_augmentation_are_the_documented_draws(frames):
    """So that stored results can be made again."""
    seed, epoch, indices = 5, 2, [2, 3, 5, 7, 11]
    images, labels = Batches(frames, indices, 2, STRONG, seed).batch(epoch, number=1)
    order = np.random.default_rng([seed, epoch]).permutation(indices)
    for image, label, position in zip(images, labels, order[2:4], strict=True):
        (one,), (its_labels,) = frames.read([position])
        draws = np.random.default_rng([seed, epoch, position])
        expected_image, expected_labels = STRONG(one, its_labels, draws)
        assert np.array_equal(image, expected_image)
        assert np.array_equal(label, expected_labels)


def test_what_cannot_be_read_is_refused(frames):
    with pytest.raises(ValueError, match="no frame"):
        Batches(frames, [], 4)
    for position in (-1, 16):
        with pytest.raises(ValueError, match=f"position {position}"):
            Batches(frames, [position], 4).batch(0, 0)


def test_epochs_follow_one_another_and_labels_may_stand_for_blocks(frames):
    batches = Batches(frames, range(4), 4, label_stride=4, epoch=3)
    images, labels = batches[0]
    assert images.shape == (4, *frames.image_shape)
    assert labels.shape == (4, -(-frames.image_shape[0] // 4), -(-frames.image_shape[1] // 4))
    whole_images, whole = batches.batch(3, 0)
    assert np.array_equal(images, whole_images)
    padded = np.pad(whole, [(0, 0), (0, 3), (0, 0)], constant_values=IGNORE)  # 21 rows and 3 more
    places = [
        padded[:, row::4, column::4][:, : labels.shape[1]] for row in range(4) for column in range(4)
    ]
    assert any(np.array_equal(labels, place) for place in places)
    batches.on_epoch_end()
    assert np.array_equal(batches[0][0], batches.batch(4, 0)[0])


def test_worker_processes_give_the_same_batches(frames):
    plain, spread = (Batches(frames, range(16), 4, Augmentation(paste=0.5), workers=n) for n in (1, 2))
    for number in range(4):
        for one, other in zip(plain.batch(1, number), spread.batch(1, number), strict=True):
            assert np.array_equal(one, other)


def test_colours_and_objects_come_from_frames_of_other_sequences_alone(frames):
    """Frames of one sequence are painted in one colour, so that where pixels come from is seen."""
    names = sorted(set(frames.sequence))
    assert len(names) > 1

    class Recorded(Augmentation):
        def __call__(self, image, labels, generator, other=None, pasted=None, sky=None):
            seen.append(
                (frames.sequence[where(image)], frames.sequence[where(other[0])], pasted.tolist())
            )
            assert frames.class_names[sky] == "Sky"
            return image, labels

    def where(image) -> int:
        return int(np.flatnonzero((images == image).all(axis=(1, 2, 3)))[0])

    images, _ = frames.read(range(len(frames)))
    seen: list[tuple[str, str, list[int]]] = []
    for number in range(2):
        Batches(frames, range(len(frames)), 8, Recorded(paste=0.5), pasted=[2, 5]).batch(0, number)
    assert len(seen) == 16
    assert all(own != other and pasted == [2, 5] for own, other, pasted in seen)
