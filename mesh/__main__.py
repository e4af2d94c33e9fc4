"""`python -m mesh`."""

from mesh.cli import run

if __name__ == "__main__":
    run()
