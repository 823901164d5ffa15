"""Images and masks in two trees of folders, paired by the names of their files."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roadseg.data.sources.base import entries, is_broken_link, subfolders
from roadseg.errors import DataError

LOOSE = "all"  # the sequence of the files that lie in no sub-folder
IMAGE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_MASK_FORMATS = {".png": "PNG"}
_MAX_DEPTH = 6
_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,18}(?=[^0-9]*$)")  # the last one in a name


@dataclass(frozen=True)
class Pairing:
    """An image and its mask have the same sub-folder, and the same stem but for a suffix of each.

    Where a suffix is given, files without it are passed over.
    """

    images: Path
    masks: Path
    image_suffix: str = ""
    mask_suffix: str = ""

    def sequences(self) -> list[str]:
        """Sub-folders, such as "train/0016E5", that hold files; raises DataError when there is none."""
        trees = self.images, self.masks
        found = sorted(
            {name for tree in trees for name, folder in _folders(tree) if self._has_files(tree, folder)}
        )
        if not found:
            raise DataError(f"{self.images}: no images in it or in its sub-folders; put them there")
        loose = [tree for tree in trees if LOOSE in found and self._has_files(tree, tree)]
        if loose and any((tree / LOOSE).is_dir() for tree in trees):
            raise DataError(
                f"{loose[0]}: files beside a sub-folder {LOOSE!r}, and {LOOSE!r} is what the files that "
                "lie in no sub-folder are called; rename it"
            )
        return found

    def files(self, sequence: str) -> tuple[dict[int, Path], dict[int, Path]]:
        """Images and masks of a sequence, each by the number of its frame.

        Raises DataError for two files of one name, and for a file that is no JPEG or PNG image.
        """
        images, masks, problems = self.scan(sequence)
        if problems:
            raise DataError(problems[0])
        return images, masks

    def scan(self, sequence: str) -> tuple[dict[int, Path], dict[int, Path], list[str]]:
        """As `files`, but what is wrong is the third result."""
        images, wrong_images = self._stems(self.images, self._folder(self.images, sequence))
        masks, wrong_masks = self._stems(self.masks, self._folder(self.masks, sequence))
        problems = wrong_images + wrong_masks
        if images and masks and not images.keys() & masks.keys():
            problems.append(self._explain_unpaired(images, masks))
        numbers = _frame_numbers(images.keys() | masks.keys())
        by_number = [{numbers[stem]: path for stem, path in each.items()} for each in (images, masks)]
        return *by_number, problems

    def guess_mask_suffix(self) -> str:
        """With which all masks end beyond the names of images, or ""."""
        images, masks = (
            [stem for _, folder in _folders(tree) for stem in self._stems(tree, folder)[0]]
            for tree in (self.images, self.masks)
        )
        return _common_suffix(images, masks)

    @staticmethod
    def _folder(tree: Path, sequence: str) -> Path:
        is_loose = sequence == LOOSE and not (tree / LOOSE).is_dir()
        return tree if is_loose else tree / sequence

    def _has_files(self, tree: Path, folder: Path) -> bool:
        return any(self._stems(tree, folder))

    def _stems(self, tree: Path, folder: Path) -> tuple[dict[str, Path], list[str]]:
        """Of one folder: stem without its suffix -> file, and what is wrong with other files."""
        is_images = tree == self.images
        suffix = self.image_suffix if is_images else self.mask_suffix
        formats = IMAGE_FORMATS if is_images else _MASK_FORMATS
        found: dict[str, Path] = {}
        problems = []
        for path in _files(folder):
            stem, kind = path.stem.removesuffix(suffix), path.suffix.lower()
            if not path.stem.endswith(suffix) or (suffix and kind not in formats):
                continue
            if not path.is_file():
                problems.append(f"{path}: a broken link, or not a regular file; mend or remove it")
            elif kind not in formats:
                expected = "a JPEG or PNG image" if is_images else "a PNG mask"
                problems.append(f"{path}: not {expected}; convert it, or move it elsewhere")
            elif stem in found:
                problems.append(
                    f"{path}: the same name as {found[stem].name} beside it; remove one of them"
                )
            else:
                found[stem] = path
        return found, problems

    def _explain_unpaired(self, images: dict[str, Path], masks: dict[str, Path]) -> str:
        image, mask = next(iter(images.values())), next(iter(masks.values()))
        suffix = _common_suffix(images, masks)
        remedy = f"'# mask suffix: {self.mask_suffix}{suffix or '_L'}'"
        return (
            f"{mask.parent}: none of its {len(masks)} masks, such as {mask.name}, has the name of one "
            f"of the {len(images)} images, such as {image.name}; if all masks end alike beyond the "
            f"names of their images, write a line such as {remedy} at the top of classes.csv"
        )


def _folders(tree: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of every folder with files in it; the top folder is called LOOSE."""
    yield LOOSE, tree
    for depth in range(1, _MAX_DEPTH + 2):
        for folder in subfolders(tree, *depth * ["*"]):
            if depth > _MAX_DEPTH:
                raise DataError(f"{folder}: more than {_MAX_DEPTH} folders deep; move it up")
            yield folder.relative_to(tree).as_posix(), folder


def _files(folder: Path) -> list[Path]:
    """All that is visible and no folder."""
    return [
        folder / entry.name
        for entry in entries(folder)
        if not entry.name.startswith(".") and (is_broken_link(entry) or not entry.is_dir())
    ]


def _frame_numbers(stems: Iterable[str]) -> dict[str, int]:
    """The last number in each name where these tell all apart, else places in sorted order."""
    ordered = sorted(stems)
    found = [_NUMBER.search(stem) for stem in ordered]
    numbers = [int(match[0]) for match in found if match]
    if len(set(numbers)) < len(ordered):
        numbers = range(len(ordered))
    return dict(zip(ordered, numbers, strict=True))


def _common_suffix(images: Iterable[str], masks: Iterable[str]) -> str:
    names = sorted(images, key=len, reverse=True)
    rests = {next((mask[len(name) :] for name in names if mask.startswith(name)), "") for mask in masks}
    return rests.pop() if len(rests) == 1 else ""
