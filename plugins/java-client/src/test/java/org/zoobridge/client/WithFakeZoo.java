package org.zoobridge.client;

import java.io.IOException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;


/** A fake zoo and a client of it, anew for each test. */
public abstract class WithFakeZoo {

    /** The fake zoo. */
    protected FakeZoo server;

    /** A client that is connected to it, with the token {@code secret}. */
    protected ZooBridge zoo;

    @BeforeEach
    final void start() throws IOException {
        server = new FakeZoo();
        zoo = ZooBridge.connect(server.endpoint().withToken("secret"));
    }

    @AfterEach
    final void stop() {
        zoo.close();
        server.close();
    }
}
