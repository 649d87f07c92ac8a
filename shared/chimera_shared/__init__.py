"""What every service would otherwise repeat: errors, settings, topics, stages, the store, models, telemetry."""
