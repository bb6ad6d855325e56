"""Working days (工作日): the published calendar of the State Council, and what an administrator has corrected."""
