"""What is sent to the routes of social services and what they answer."""
