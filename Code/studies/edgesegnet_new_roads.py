"""`simple_plus` and `edgesegnet` in equal time, on two drives that were held out.

    .venv/bin/python Code/studies/run_study.py edgesegnet_new_roads --camvid FOLDER

CamVid at 240 x 320. Road A holds out the drive 0006R0, road B the drive 0016E5; five minutes of training
steps each with the recipe `best`, without its pasted objects, which harm short trainings; one seed,
evaluated after the last epoch. On road B trainings have fewer frames, and as many steps as on road A.

Result: mean IoU 0.395 (A) and 0.432 (B) for `simple_plus`, 0.363 and 0.386 for `edgesegnet`, 0.370 and
0.382 for `edgesegnet` without context.
"""

from dataclasses import replace

from roadseg.networks import edgesegnet, simple_plus
from roadseg.training.recipes import RECIPES
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, train_on
from studies.runner.study import MakeSplit

DRIVES = {"A": "train/0006R0", "B": "train/0016E5"}
_BEST = RECIPES["best"]
_RECIPE = replace(_BEST, augmentation=replace(_BEST.augmentation, paste=0.0), validate_every=1000)
_NO_CONTEXT = {"context": False}
NETWORKS = {
    "simple_plus without context": (simple_plus.build, _NO_CONTEXT),
    "edgesegnet": (edgesegnet.build, {}),
    "edgesegnet without context": (edgesegnet.build, _NO_CONTEXT),
}


def _holding_out(road: str) -> MakeSplit:
    others = [drive for drive in ("train/0001TP", *DRIVES.values()) if drive != DRIVES[road]]
    return train_on(others, [DRIVES[road]])


STUDY = Study(
    name="edgesegnet_new_roads",
    trials=tuple(
        Trial(
            f"{name}, road {road}",
            build,
            _RECIPE,
            options,
            split=None if road == "A" else _holding_out(road),
            policy="mixed_bfloat16",
        )
        for road in DRIVES
        for name, (build, options) in NETWORKS.items()
    ),
    frames=camvid(scale=1.5),
    split=_holding_out("A"),
    minutes=5.0,
)
