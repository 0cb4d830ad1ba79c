"""`python -m api` is `lodetrace`, for processes that start others of their own kind."""

from api.cli import main

if __name__ == "__main__":
    main()
