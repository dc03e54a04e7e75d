"""stipend-probe is started for every plugin: each library that it loads costs time. `probe_links.py PROBE`"""
import re
import subprocess
import sys

WANTED = {"boost_container", "boost_json", "fmt", "seccomp", "stdc++", "gcc_s", "m", "c", "ld-linux-x86-64", "ld-linux-aarch64"}


def main():
    shown = subprocess.run(["objdump", "-p", sys.argv[1]], check=True, text=True, capture_output=True).stdout
    needed = re.findall(r"NEEDED +(?:lib)?(.*?)\.so", shown)
    if not needed:
        print(f"{sys.argv[1]}: no library at all is needed, which cannot be: has objdump changed?")
        return 1
    more = sorted(set(needed) - WANTED)
    if more:
        print(f"{sys.argv[1]}: needs {', '.join(more)}, want none but {', '.join(sorted(WANTED))}: link what needs it elsewhere")
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
