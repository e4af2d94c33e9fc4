"""Social services: shelter, counselling, essential needs, case management, child protection, reintegration."""
