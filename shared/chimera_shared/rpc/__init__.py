"""gRPC servers and channels: health, reflection, deadlines, errors as google.rpc.Status, trace context."""
