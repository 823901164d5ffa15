"""Ray casting: what a camera sees of a scene, its light, and one image of it."""
