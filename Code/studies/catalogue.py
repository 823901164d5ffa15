"""All studies by name, in the order in which `run_study.py` lists them."""

from types import ModuleType

from studies import (
    best,
    best_on_new_road,
    best_rendered,
    edgesegnet_causes,
    edgesegnet_equal_time,
    edgesegnet_equal_time_rendered,
    edgesegnet_new_roads,
    held_out_streets,
    ideas_equal_time,
    ideas_one_by_one,
    ideas_one_by_one_rendered,
    new_roads,
    peers,
    recipe_search,
    rendered_example,
    simple_recipes,
    time_to_quality,
)

MODULES: dict[str, ModuleType] = {
    module.STUDY.name: module
    for module in (
        rendered_example,
        simple_recipes,
        edgesegnet_causes,
        edgesegnet_equal_time,
        edgesegnet_equal_time_rendered,
        ideas_one_by_one,
        ideas_equal_time,
        ideas_one_by_one_rendered,
        recipe_search,
        new_roads,
        time_to_quality,
        best,
        best_on_new_road,
        best_rendered,
        edgesegnet_new_roads,
        peers,
        held_out_streets,
    )
}
