"""How different colours look: CAM02-UCS (Luo, Cui, Li 2006) in the viewing conditions of sRGB."""

import numpy as np

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_CAT02 = np.array([[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.003, 0.0136, 0.9834]])
_HPE = np.array([[0.38971, 0.68898, -0.07868], [-0.22981, 1.1834, 0.04641], [0, 0, 1]])
_DEUTERANOPIA = np.array(  # Machado, Oliveira, Fernandes 2009, of linear RGB
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)


def seen(colours, deuteranopia=False):
    """sRGB colours 0..255 (N, 3) -> coordinates in CAM02-UCS (N, 3), in which distances are visible."""
    rgb = np.asarray(colours) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if deuteranopia:
        linear = np.clip(linear @ _DEUTERANOPIA.T, 0, 1)
    adapting, background, surround = 64 / np.pi / 5, 20, 0.69
    white = np.ones((1, 3)) @ _TO_XYZ.T * 100
    k = 1 / (5 * adapting + 1)
    luminance = 0.2 * k**4 * 5 * adapting + 0.1 * (1 - k**4) ** 2 * (5 * adapting) ** (1 / 3)
    degree = 1 - np.exp(-(adapting + 42) / 92) / 3.6
    cones_of_white = white @ _CAT02.T

    def responses(xyz):
        cones = (xyz @ _CAT02.T) * (white[0, 1] * degree / cones_of_white + 1 - degree)
        cones = np.abs(cones @ np.linalg.inv(_CAT02).T @ _HPE.T)
        power = (luminance * cones / 100) ** 0.42
        return 400 * power / (power + 27.13) + 0.1

    n = background / white[0, 1]
    induction = 0.725 * n**-0.2

    def achromatic(r):
        return (2 * r[:, 0] + r[:, 1] + r[:, 2] / 20 - 0.305) * induction

    r = responses(linear @ _TO_XYZ.T * 100)
    a = r[:, 0] - 12 * r[:, 1] / 11 + r[:, 2] / 11
    b = (r[:, 0] + r[:, 1] - 2 * r[:, 2]) / 9
    hue = np.arctan2(b, a)
    ratio = achromatic(r) / achromatic(responses(white))
    lightness = 100 * ratio ** (surround * (1.48 + np.sqrt(n)))
    t = 50000 / 13 * induction * (np.cos(hue + 2) + 3.8) / 4 * np.hypot(a, b)
    t = (t / (r[:, 0] + r[:, 1] + 1.05 * r[:, 2])) ** 0.9
    chroma = t * np.sqrt(lightness / 100) * (1.64 - 0.29**n) ** 0.73
    colourfulness = np.log1p(0.0228 * chroma * luminance**0.25) / 0.0228
    shown = 1.7 * lightness / (1 + 0.007 * lightness)
    return np.stack([shown, colourfulness * np.cos(hue), colourfulness * np.sin(hue)], axis=-1)
