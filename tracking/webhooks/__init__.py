"""Events on their way to customers' endpoints: claimed from the outbox, sent in parallel, tried again by a schedule.

`queue` moves deliveries between their states, `fanout` sends them, `breaker` judges endpoints, `actions` is for doors.
"""
