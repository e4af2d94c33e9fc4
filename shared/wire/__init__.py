"""What two deployables say to each other: messages, answers, problems. Version 1 of the wire contract."""
