"""The ground under the maps that the server draws itself; ORIGIN.md says whose it is."""
