# An image in the place of the Relay Proxy's: same command line, same path of the configuration file, same port.
# `deno task rootfs` makes what it is built from; nothing is downloaded. docs/deploy.md tells how to run it.
# The environment is filtered by the executable itself (docs/compile.md): an image cannot unset what it is started with.
# That task hands the instructions below ADD to `docker import`: each stands on one line.
FROM scratch
ADD dist/rootfs.tar /
LABEL org.opencontainers.image.title="Halyard" org.opencontainers.image.description="Serves LaunchDarkly SDKs from an offline archive" org.opencontainers.image.version="0.1.0" org.opencontainers.image.licenses="MIT"
ENV PORT=8030 MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144
EXPOSE 8030
USER 65532:65532
ENTRYPOINT ["/usr/bin/halyard", "--config", "/ldr/ld-relay.conf", "--allow-missing-file", "--from-env"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/usr/bin/halyard", "health", "--config", "/ldr/ld-relay.conf", "--allow-missing-file", "--from-env"]
