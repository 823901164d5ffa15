"""The five worlds, and the code that furnishes a world from its layout.

Places on a road are (s, t), the road coordinates of OpenDRIVE: metres along its centre line, and metres
to the left of it. The camera drives on the *main road*; other roads cross it.
"""

from roadscenes.worlds import country_roads, town_roads
from roadscenes.worlds.layout import WorldLayout

WORLDS: dict[str, WorldLayout] = {
    world.name: world
    for world in (
        town_roads.STREET,
        town_roads.AVENUE,
        town_roads.CROSSING,
        country_roads.COUNTRY_ROAD,
        country_roads.MOTORWAY,
    )
}
