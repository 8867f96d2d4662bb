"""What runs when. Everything else is a job's row with its own due time."""

BEAT = {
    "sweep": {"task": "workers.sweep", "schedule": 2.0},
    "full round": {"task": "workers.full_round", "schedule": 300.0},
    "reminders": {"task": "workers.reminders", "schedule": 900.0},
    "vitals": {"task": "workers.vitals", "schedule": 300.0},
}
