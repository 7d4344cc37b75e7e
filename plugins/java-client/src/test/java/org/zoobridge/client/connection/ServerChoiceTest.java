package org.zoobridge.client.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import javax.swing.JPasswordField;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zoobridge.client.Failing;
import org.zoobridge.client.ui.ServerPanel;
import org.zoobridge.v1.ErrorReason;

class ServerChoiceTest {

    @TempDir
    private Path folder;

    private Path certificate() throws IOException {
        return Files.write(folder.resolve("ca.pem"), new byte[] {1});
    }

    @Test
    void whatWasKeptIsReadAgain() {
        final Map<String, String> kept = new HashMap<>();
        final ServerChoice choice = ServerChoice.of(" lab:1 ", "on", "/ca.pem", "secret\n");
        choice.keep(kept::put);
        assertEquals(choice, ServerChoice.read(kept::get));
        assertEquals("lab:1", choice.address());
        assertEquals("secret", choice.token());
    }

    @Test
    void aNamedServerIsSpokenToAsChosen() throws IOException {
        assertTrue(ServerChoice.of("192.0.2.1:7", "", "", "secret").endpoint().usesTls());
        assertEquals("secret", ServerChoice.of("192.0.2.1:7", "", "", "secret").endpoint().token());
        assertFalse(ServerChoice.of("192.0.2.1:7", "off", "", "").endpoint().usesTls());
        assertFalse(ServerChoice.of("127.0.0.1:7", "automatic", "", "").endpoint().usesTls());
        assertTrue(ServerChoice.of("127.0.0.1:7", "on", "", "").endpoint().usesTls());
        final Endpoint certified = ServerChoice.of("127.0.0.1:7", "automatic", certificate().toString(), "").endpoint();
        assertTrue(certified.usesTls());
        assertEquals(certificate(), certified.certificate());
    }

    @Test
    void whatCannotBeIsRefusedByName() throws IOException {
        final String ca = certificate().toString();
        for (final ServerChoice wrong : new ServerChoice[] {ServerChoice.of("lab", "", "", ""),
            ServerChoice.of("lab:1", "maybe", "", ""), ServerChoice.of("lab:1", "", folder.toString(), ""),
            ServerChoice.of("lab:1", "on", ca + "x", ""), ServerChoice.of("lab:1", "off", ca, "")}) {
            Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, wrong::checked, wrong.toString());
        }
        assertEquals("", ServerChoice.of("", "", "", "").checked().address());
    }

    @Test
    void anotherServerIsNotToldTheToken() {
        final ServerChoice lab = ServerChoice.of("lab:1", "on", "/ca.pem", "secret");
        assertEquals(lab, lab.changed(part -> null));
        assertEquals(lab, lab.changed(Collections.singletonMap("address", "lab:1")::get));
        assertEquals("off", lab.changed(Collections.singletonMap("tls", "off")::get).tls());
        assertEquals(ServerChoice.of("other:1", "", "", ""),
                lab.changed(Collections.singletonMap("address", "other:1")::get));
        assertEquals("", lab.changed(Collections.singletonMap("address", " ")::get).token());
    }

    @Test
    void itsTextHoldsNoToken() {
        assertFalse(ServerChoice.of("lab:1", "", "", "secret").toString().contains("secret"));
    }

    @Test
    void thePanelShowsAChoiceAndHidesTheToken() {
        final ServerChoice choice = ServerChoice.of("lab:1", "on", "/ca.pem", "secret");
        final ServerPanel panel = new ServerPanel(choice);
        assertEquals(choice, panel.choice());
        boolean hidden = false;
        for (final java.awt.Component part : panel.getComponents()) {
            hidden |= part instanceof JPasswordField && ((JPasswordField) part).echoCharIsSet() && part.isEnabled();
        }
        assertTrue(hidden);
    }
}
