# Free ports, remembered so that a server comes back where its clients look for it.
#
# They are taken from below the range that the kernel uses for outgoing connections. A port out of that range could
# be taken by anybody's connection while our server is stopped, even by a client that connects to itself.

lowest_port=20000
highest_port=32000

# is_listening PORT: does anything on this machine listen there? Reads the kernel's list, so nobody is disturbed.
is_listening() {
    local port
    printf -v port '%04X' "$1"
    grep -qs "^ *[0-9]*: [0-9A-F]*:$port [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6
}

free_port() {
    local port
    for _ in {1..1000}; do
        port=$((lowest_port + RANDOM % (highest_port - lowest_port)))
        if ! is_listening "$port"; then
            echo "$port"
            return 0
        fi
    done
    die "found no free port between $lowest_port and $highest_port"
}

# choose_ports POLICY FILE NAME…: makes sure that FILE holds one `NAME_port=…` for each NAME, with free ports.
# The policy same_port keeps what FILE says or fails, any_port takes others when somebody else listens there now.
choose_ports() {
    local policy=$1 file=$2 name port
    shift 2
    if [[ -s $file ]]; then
        local taken=()
        for name in "$@"; do
            port=$(port_of "$file" "$name")
            if is_listening "$port"; then taken+=("$port"); fi
        done
        ((${#taken[@]})) || return 0
        [[ $policy == any_port ]] || die "somebody else listens on port ${taken[*]} now"
        say "somebody else listens on port ${taken[*]} now: taking others"
    fi
    for name in "$@"; do echo "$name=$(free_port)"; done >"$file"
}

# port_of FILE NAME
port_of() { sed -n "s/^$2=//p" "$1"; }

# password: 128 bits of it, in letters that need no quoting in a URL.
new_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
