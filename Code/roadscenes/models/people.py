"""Pedestrians and cyclists; each stands on the origin and moves towards +x."""

from dataclasses import replace

import numpy as np

from roadscenes.class_ids import BICYCLIST, PEDESTRIAN
from roadscenes.models.mesh import Mesh, Vector, join
from roadscenes.models.primitives import box, tube

_CLOTHES = np.array([
    (0.012, 0.012, 0.015), (0.02, 0.03, 0.08), (0.05, 0.05, 0.055), (0.3, 0.3, 0.3), (0.6, 0.6, 0.58),
    (0.35, 0.02, 0.02), (0.25, 0.18, 0.1), (0.03, 0.09, 0.25), (0.05, 0.1, 0.04), (0.5, 0.35, 0.05),
])  # fmt: skip
_SKINS = np.array([(0.5, 0.3, 0.2), (0.38, 0.2, 0.12), (0.12, 0.06, 0.035)])
_HAIRS = np.array([(0.01, 0.008, 0.006), (0.06, 0.03, 0.015), (0.3, 0.2, 0.08), (0.3, 0.3, 0.3)])


def _draw(rng: np.random.Generator, colours: np.ndarray) -> np.ndarray:
    return colours[rng.integers(len(colours))] * rng.uniform(0.6, 1.3)


def _limb(points, radii, tint: np.ndarray, class_id: int) -> Mesh:
    return tube(points, radii, "flat", tint, class_id, sides=7)


def _head(rng: np.random.Generator, at: Vector, class_id: int) -> Mesh:
    """A ball whose upper half has hair; at: its middle."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 7)
    points = np.asarray(at) + np.c_[0 * angles, 0 * angles, 0.125 * np.sin(angles)]
    radii = 0.095 * np.cos(angles) + 0.005
    skin, hair = _draw(rng, _SKINS), _draw(rng, _HAIRS)
    face = _limb(points[:5], radii[:5], skin, class_id)
    return join([face, _limb(points[3:] - (0.02, 0, 0), 1.06 * radii[3:], hair, class_id)])


def pedestrian(rng: np.random.Generator) -> Mesh:
    """A person of 1.75 m who stands or walks, with a coat or a bag now and then."""
    top, trousers, stride = _draw(rng, _CLOTHES), _draw(rng, _CLOTHES), rng.uniform(0.0, 0.38)
    broad, parts = rng.uniform(0.85, 1.25), []
    for side in (-1, 1):
        step = side * stride
        leg = [(0, side * 0.09, 0.9), (step / 2 + 0.04, side * 0.1, 0.48), (step, side * 0.1, 0.06)]
        parts.append(_limb(leg, [0.095 * broad, 0.07, 0.05], trousers, PEDESTRIAN))
        foot = (step + 0.06, side * 0.1, 0.0)
        parts.append(box((0.26, 0.1, 0.09), "flat", (0.02, 0.018, 0.015), PEDESTRIAN, at=foot))
        swing = -step * rng.uniform(0.4, 1.0)
        arm = [(0, side * 0.21 * broad, 1.42), (swing / 2, side * 0.26 * broad, 1.12)]
        arm.append((swing + 0.08, side * 0.24 * broad, 0.86))
        parts.append(_limb(arm, [0.065, 0.052, 0.04], top, PEDESTRIAN))
    hem = 0.88 if rng.random() < 0.65 else rng.uniform(0.45, 0.75)
    body = [(0, 0, hem), (0, 0, 0.95), (0, 0, 1.25), (0, 0, 1.43), (0, 0, 1.5)]
    trunk = _limb(body, np.array([0.16, 0.15, 0.165, 0.15, 0.06]) * broad, top, PEDESTRIAN)
    parts += [_wider(trunk), _head(rng, (0.02, 0, 1.63), PEDESTRIAN)]
    if rng.random() < 0.35:
        bag = (-0.2, 0, 1.0) if rng.random() < 0.5 else (0, 0.32, 0.55)
        parts.append(box((0.18, 0.28, 0.4), "flat", _draw(rng, _CLOTHES), PEDESTRIAN, at=bag))
    return join(parts)


def _wider(trunk: Mesh) -> Mesh:
    """A round trunk, made broader than it is deep."""
    return replace(trunk, vertices=trunk.vertices * np.array((1, 1.35, 1), np.float32))


def cyclist(rng: np.random.Generator) -> Mesh:
    """A rider on a bicycle, 1.75 m long."""
    frame, top, trousers = (_draw(rng, _CLOTHES) for _ in range(3))
    rubber, angles = np.array((0.012, 0.012, 0.012)), np.linspace(0, 2 * np.pi, 15)
    parts = []
    for x in (-0.53, 0.53):
        rim = np.c_[x + 0.33 * np.cos(angles), 0 * angles, 0.34 + 0.33 * np.sin(angles)]
        parts.append(tube(rim, 0.025, "rubber", rubber, BICYCLIST, sides=5))
    saddle, pedals, bars = (-0.22, 0, 0.9), (-0.05, 0, 0.3), (0.42, 0, 0.98)
    for line in (
        [(-0.53, 0, 0.34), pedals, (0.38, 0, 0.82)],
        [(-0.53, 0, 0.34), saddle, (0.38, 0, 0.82)],
        [saddle, pedals],
        [(0.53, 0, 0.34), bars],
        [(0.42, -0.28, 1.0), (0.42, 0.28, 1.0)],
    ):
        parts.append(tube(line, 0.022, "metal", frame, BICYCLIST, sides=5))
    lean = rng.uniform(0.1, 0.4)
    shoulder = (-0.22 + lean, 0, 1.42)
    turn = rng.uniform(0, 2 * np.pi)
    for side in (-1, 1):
        foot = pedals + 0.17 * np.array((side * np.cos(turn), 0, side * np.sin(turn)))
        knee = ((foot[0] - 0.22) / 2 + 0.22, side * 0.11, (foot[2] + 0.95) / 2 + 0.08)
        leg = [(-0.22, side * 0.09, 0.95), knee, (foot[0], side * 0.11, foot[2])]
        parts.append(_limb(leg, [0.1, 0.075, 0.05], trousers, BICYCLIST))
        arm = [(shoulder[0], side * 0.2, 1.4), (shoulder[0] + 0.15, side * 0.27, 1.15)]
        parts.append(_limb([*arm, (0.42, side * 0.25, 1.02)], [0.06, 0.05, 0.04], top, BICYCLIST))
    body = [(-0.24, 0, 0.9), (-0.24 + lean / 2, 0, 1.18), shoulder, (shoulder[0] + 0.03, 0, 1.48)]
    parts.append(_wider(_limb(body, [0.15, 0.165, 0.15, 0.06], top, BICYCLIST)))
    parts.append(_head(rng, (shoulder[0] + 0.07, 0, 1.6), BICYCLIST))
    return join(parts)
