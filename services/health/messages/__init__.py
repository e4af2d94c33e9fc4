"""What is sent to the routes of health services and what they answer."""
