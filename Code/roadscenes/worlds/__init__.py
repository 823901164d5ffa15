"""The five worlds, one module each, and the code that furnishes a world from its description.

Places on a road are (s, t), the road coordinates of OpenDRIVE: metres along its centre line, and metres
to the left of it. The camera drives on the *main road*; other roads cross it.
"""

from roadscenes.worlds import avenue, country_road, crossing, motorway, street
from roadscenes.worlds.description import WorldDescription

WORLDS: dict[str, WorldDescription] = {
    world.name: world
    for world in (
        street.STREET,
        avenue.AVENUE,
        crossing.CROSSING,
        country_road.COUNTRY_ROAD,
        motorway.MOTORWAY,
    )
}
