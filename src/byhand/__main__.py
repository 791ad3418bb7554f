"""`python -m byhand` is `byhand`."""

from byhand.faces.cli import main

if __name__ == "__main__":
    main()
