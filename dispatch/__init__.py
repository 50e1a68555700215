"""Pure decisions: incidents, taskings, airspace, resources, tracks. Start with README.md in this folder."""
