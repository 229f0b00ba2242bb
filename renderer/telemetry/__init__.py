"""What is watched of the service: metrics, health, logs and traces.

`catalogue` names every metric once. The libraries are imported where they are used, so that only
processes of the service load them.
"""
