"""Video between sites: our streams given to partners under grants, theirs taken for people here (docs/video_partners.md)."""
