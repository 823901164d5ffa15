"""Labels files, folders and videos, and goes on where an interrupted call stopped."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from roadseg.errors import DataError
from roadseg.inference.inputs import Input, find
from roadseg.inference.labeller import Labeller
from roadseg.inference.pipeline import in_order
from roadseg.inference.results import KINDS, Appearance, OutputError, ResultFolder
from roadseg.inference.segmentation import check_classes
from roadseg.inference.video import label_video
from roadseg.progress import progress_bar

USUAL = "ids", "overlay", "shares"


@dataclass
class Report:
    """What became of the files: how many were labelled, how many had been before, and what failed."""

    labelled: int = 0
    skipped: int = 0
    failed: dict[Path, str] = field(default_factory=dict)


def predict(
    labeller: Labeller,
    inputs: Iterable[str | Path],
    output: str | Path,
    *,
    kinds: Iterable[str] = USUAL,
    appearance: Appearance = Appearance(),  # noqa: B008, it is frozen
    strict: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> Report:
    """Labels images and videos, and writes the results into a folder.

    Results that are there are kept, and a video continues at the frame where it was stopped.

    Args:
        labeller: what `open` gave.
        inputs: files, folders and glob patterns.
        output: folder of the results.
        kinds: of an image's results: "ids", "overlay", "confidence", "shares". A video always has its
            overlay and its shares.
        appearance: chosen classes, opacity, layout of videos.
        strict: stops at the first file that cannot be read. Otherwise the report names all of them.
        overwrite: replaces results that are there.
        progress: shows progress bars.

    Returns:
        What became of the files.

    Raises:
        DataError: nothing is there to label, a result cannot be written, the folder holds results that
            were made otherwise, or, when strict, a file cannot be read.
        ValueError: a class or a kind of result is unknown.
    """
    kinds = tuple(kinds)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"unknown result {unknown[0]!r}: one of {', '.join(KINDS)}")
    check_classes(appearance.classes or (), labeller.description.class_names)
    results = ResultFolder(Path(output), appearance, overwrite=overwrite)
    found = find(inputs, results.path)
    results.check_record({**labeller.settings, **asdict(appearance)})
    work = {item: paths for item in found if (paths := results.missing(item, kinds))}
    report = Report(skipped=len(found) - len(work))
    for item, error in _labelled(labeller, results, work, progress):
        if error is None:
            report.labelled += 1
        elif strict:
            raise error
        else:
            report.failed[item.path] = str(error)
    return report


def _labelled(
    labeller: Labeller, results: ResultFolder, work: dict[Input, dict[str, Path]], progress: bool
) -> Iterator[tuple[Input, DataError | None]]:
    """Labels all images, then all videos; each with what is wrong with its file."""

    def attempt(item: Input) -> tuple[Input, DataError | None]:
        try:
            if item.is_video:
                label_video(labeller, item.path, work[item], results, progress)
            else:
                results.write_image_results(labeller.segment(item.path), work[item])
        except OutputError:  # nor could that of any other file be written
            raise
        except DataError as error:
            return item, error
        return item, None

    images = [item for item in work if not item.is_video]
    with progress_bar(len(images), 0, unit="image", description="Labelling", shown=progress) as bar:
        for done in in_order(attempt, images):
            bar.update()
            yield done
    yield from map(attempt, (item for item in work if item.is_video))
