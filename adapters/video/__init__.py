"""Video: taken in by processes of its own, relayed to viewers without being decoded (docs/video.md)."""
