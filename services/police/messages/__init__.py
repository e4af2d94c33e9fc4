"""What is sent to the routes of the police and what they answer."""
