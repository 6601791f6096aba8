# Installing the servers where they are absent and that is possible, without letting the packages start theirs.

# install_absent SERVER…
install_absent() {
    local server packages=()
    for server in "$@"; do
        if [[ $server == postgres ]] && ! postgres_programs >/dev/null; then packages+=(postgresql); fi
        if [[ $server == rabbitmq ]] && ! rabbitmq_programs >/dev/null; then packages+=(rabbitmq-server); fi
    done
    ((${#packages[@]})) || return 0

    local root=()
    if ((EUID != 0)); then root=(sudo -n); fi
    if ! command -v apt-get >/dev/null || ! "${root[@]}" true 2>/dev/null; then
        die "needs ${packages[*]}, and cannot install it here (that takes apt-get and root). Install it by hand," \
            "or set DATABASE_URL and AMQP_URL to servers that run elsewhere, or use docker compose"
    fi
    say "installing ${packages[*]}"
    install_packages "${packages[@]}" >&2 || die "could not install ${packages[*]}"
}

# A subshell: its trap must not replace that of `run`.
install_packages() (
    # Debian's way to say "install, but start nothing": servers on the usual ports are not ours to start.
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap '"${root[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod 755 "$policy"
    fi
    install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends)
    # The list of packages may be empty (a fresh image) or old.
    "${root[@]}" "${install[@]}" "$@" ||
        { "${root[@]}" apt-get -qq update && "${root[@]}" "${install[@]}" "$@"; } || exit 1
    # Nor may they start with the next boot.
    if [[ -d /run/systemd/system ]]; then
        for package in "$@"; do "${root[@]}" systemctl disable --quiet "$package" || true; done
    fi
)
