"""Isochrones: the area within each band of a tier's or a site's nearest drive.

They are drawn from the same routed times as the cells: points along every road carry the time from
there, a raster carries the time from the nearest such point plus the access leg, and each band is
the part of the raster at or under its minutes. Coverage never comes from them: they are for the eye
and for export, and how far they disagree with the cells is measured.
"""

from accessibility.isochrone.agreement import Mismatch, mismatch
from accessibility.isochrone.bands import band_polygons
from accessibility.isochrone.layers import CUT, isochrones
from accessibility.isochrone.surface import Surface, make_surface

__all__ = ["CUT", "Mismatch", "Surface", "band_polygons", "isochrones", "make_surface", "mismatch"]
