"""The five worlds, and the code that furnishes a world from its layout.

Places on a road are (s, t), the road coordinates of OpenDRIVE: metres along its centre line, and metres
to the left of it. The camera drives on the *main road*; other roads cross it.
"""
