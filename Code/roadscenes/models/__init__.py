"""Models of everything that stands or drives in a world, as textured triangle meshes.

A *builder* is a function that makes one model: it takes a random generator and returns a Mesh that
stands on the origin. Its name is part of its seed (worlds.world).
"""
