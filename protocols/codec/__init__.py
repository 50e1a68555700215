"""Wire to domain and back: the only place that reads generated protobuf code."""
