"""Reads height models from the site's own folder. What is asked of them is dispatch/terrain.py's."""
