"""From a scene to an image: camera, ray casting, light and shading."""
