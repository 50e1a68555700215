"""The safety nets, each with aircraft that the test flies."""
