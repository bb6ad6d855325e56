"""The tree of areas: district → street → community → building → door."""
