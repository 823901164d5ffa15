"""Every study can be built and trained, and what it left can be read; nothing is trained here."""

from dataclasses import replace

import pandas as pd
import pytest

from studies import best, gpu_camvid, run_study
from studies.run_study import STUDIES
from studies.runner import load, load_step_milliseconds, table
from studies.runner.results import RESULTS, read_file
from studies.runner.running import is_stored


def test_the_command_lists_all_studies_asks_for_camvid_and_refuses_unknown_studies(capsys):
    run_study.main([])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(STUDIES)
    with pytest.raises(SystemExit, match=r"best: this study trains on CamVid.*--camvid FOLDER"):
        run_study.main(["best"])
    with pytest.raises(SystemExit):
        run_study.main(["worst"])
    assert "ideas_one_by_one" in capsys.readouterr().err


def test_every_study_says_what_came_out_and_all_of_its_stored_trainings_are_read():
    assert {path.stem for path in RESULTS.glob("*.jsonl")} == {*STUDIES, gpu_camvid.NAME}
    for name, study in STUDIES.items():
        assert "\nResult: " in study.description
        assert len({trial.name for trial in study.trials}) == len(study.trials)
        assert len(load(study)) == len(read_file(name))


def test_stored_trainings_are_recognised_and_not_made_again():
    for study in STUDIES.values():
        trials = [trial for _ in study.seeds for trial in study.trials]
        for trial, result in zip(trials, load(study), strict=True):
            follows = {
                name: getattr(result.recipe, name) for name in ("seed", "epochs", "warm_up_epochs")
            }
            if study.minutes is None and trial.split is None:
                assert follows["epochs"] == trial.recipe.epochs
            assert is_stored(study, replace(trial, recipe=replace(trial.recipe, **follows)))


def test_the_networks_of_trials_have_as_many_parameters_as_those_that_were_trained():
    """One trial a study: the first that changes the network."""
    for study in STUDIES.values():
        trial = next((each for each in study.trials if each.options), study.trials[0])
        record = next(each.record for each in load(study) if each.name == trial.name)
        network = trial.build(record["image_shape"], len(record["class_names"]))
        assert network.count_params() == record["parameters"]


def test_summaries_are_those_of_the_results():
    tables = {name: table(load(study), load_step_milliseconds(study)) for name, study in STUDIES.items()}
    tables[gpu_camvid.NAME] = gpu_camvid.table()
    for name, shown in tables.items():
        shown, summary = shown.reset_index(), pd.read_csv(RESULTS / f"{name}.csv")
        pd.testing.assert_frame_equal(summary[shown.columns.tolist()], shown, check_dtype=False)


def test_the_short_training_is_past_the_best_score_of_the_original_many_times_faster():
    original, short = load(best.RACE)
    assert short.validation.mean_iou > original.validation.mean_iou
    assert (
        round(best.times_faster(original, short, load_step_milliseconds(best.RACE)[original.name])) == 42
    )
