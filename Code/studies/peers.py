"""The project's networks and three that a user might choose instead, in equal time.

    .venv/bin/python -m pip install -e ".[peers]"
    .venv/bin/python Code/studies/run_study.py peers --camvid FOLDER

CamVid at 240 x 320, from random weights, the recipe `quick` with as many epochs as fit into six
minutes of steps, validated after the last one, one seed. Networks that take few steps in that time do
not average their weights, because the average would be mostly of the start of the training. The
recipe, `simple_plus` and `edgesegnet` were chosen with scores on this clip, the others were not.
inference_speed.py times the same networks on single images.

Result: mean IoU 0.607 (`simple_plus`), 0.562 (Fast-SCNN), 0.560 (`edgesegnet`), 0.365 (`simple`),
0.327 (LinkNet), 0.304 (U-Net).
"""

from dataclasses import replace

from roadseg.networks import edgesegnet, simple, simple_plus
from studies.former_recipes import FORMER_QUICK
from studies.peer_networks import fast_scnn, linknet_mobilenetv2, unet_mobilenetv2
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out

QUICK = replace(FORMER_QUICK, validate_every=1000)
FEW_STEPS = replace(QUICK, ema_momentum=None)

STUDY = Study(
    name="peers",
    trials=(
        Trial("simple", simple.build, QUICK),
        Trial("simple_plus", simple_plus.build, QUICK),
        Trial("edgesegnet", edgesegnet.build, QUICK),
        Trial("fast_scnn", fast_scnn, QUICK),
        Trial("unet_mobilenetv2", unet_mobilenetv2, FEW_STEPS),
        Trial("linknet_mobilenetv2", linknet_mobilenetv2, FEW_STEPS),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    minutes=6.0,
)
