"""Airspace volumes on the wire: OpenAir, AIXM 5.1, GeoJSON, ED-269 and ASTM F3548 in; GeoJSON and KML out."""
