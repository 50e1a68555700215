"""The weather board of a site."""
