"""What is lost when something dies behind the gateway: a load whose every answer is checked, and the faults."""
