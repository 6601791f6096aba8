# Using the servers for a while: `run` for one command, `lend` for a test that owns its servers.
#
# Several may use the same servers at once. Who leaves last stops what no explicit `up` asked for; a user that was
# killed is noticed by the next one that leaves.

users=$services_dir/users

# run_command "SERVER…" COMMAND…
run_command() {
    local wanted=() code=0
    if [[ $1 == *postgres* && -z ${DATABASE_URL:-} ]]; then wanted+=(postgres); fi
    if [[ $1 == *rabbitmq* && -z ${AMQP_URL:-} ]]; then wanted+=(rabbitmq); fi
    shift
    if ((${#wanted[@]} == 0)); then
        umask "$callers_umask"
        exec "$@"
    fi

    trap 'locked leave' EXIT
    # Also while servers start: end, and the trap above cleans up.
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    locked enter "${wanted[@]}"
    if [[ " ${wanted[*]} " == *" postgres "* ]]; then export DATABASE_URL && DATABASE_URL=$(postgres_url); fi
    if [[ " ${wanted[*]} " == *" rabbitmq "* ]]; then export AMQP_URL && AMQP_URL=$(rabbitmq_url); fi

    pass_through "$@" || code=$?
    trap '' INT TERM HUP
    exit "$code"
}

# enter SERVER…
enter() {
    mkdir -p -- "$users"
    remember "$$" "$users/$$"
    start_servers "$@"
}

leave() {
    local user server
    rm -f -- "$users/$$"
    for user in "$users"/*; do
        if is_alive "$user"; then return 0; fi
        rm -f -- "$user"
    done
    for server in postgres rabbitmq; do
        if [[ ! -e $services_dir/$server/kept ]]; then "${server}_stop"; fi
    done
}

# pass_through COMMAND…: runs it and gives its exit code. Ctrl-C reaches it from the terminal; a signal that is sent
# to this script alone is handed on.
pass_through() {
    local child code
    # In the background, because bash handles a signal only after a foreground command ended. There bash would give
    # it an ignored SIGINT and no input, hence the two corrections.
    (
        umask "$callers_umask"
        exec env --default-signal=INT,QUIT -- "$@"
    ) <&0 &
    child=$!
    trap 'signal TERM "$child"' TERM
    trap 'signal HUP "$child"' HUP
    if [[ -t 0 || -t 1 || -t 2 ]]; then trap ':' INT; else trap 'signal INT "$child"' INT; fi
    while ! process_is_gone "$child"; do wait "$child" || true; done
    wait "$child" && code=0 || code=$?
    return "$code"
}

# lend SERVER…: whatever ends the borrower also ends its standard input to us, so its servers never outlive it.
lend() {
    trap 'locked destroy' EXIT
    trap 'exit 0' INT TERM HUP
    locked start_servers "$@"
    print_env
    while read -r _; do :; done
}
