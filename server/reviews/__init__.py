"""Reviews: a supervisor's word on a visit."""
