"""The lab's own door: `python main.py --step e13`."""

from senti.cli import main

if __name__ == "__main__":
    main()
