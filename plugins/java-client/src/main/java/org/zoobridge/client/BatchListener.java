package org.zoobridge.client;

import org.zoobridge.client.errors.ZooBridgeException;


/** Is told the answers for many pictures as they come, on the thread that made the call. */
public interface BatchListener {

    /**
     * A picture's items are all done. Pictures come in the order in which the server finished them.
     *
     * @param picture place of the picture in the sequence sent, from 0
     * @param answer  its items
     */
    void answered(int picture, Answer answer);

    /**
     * A picture could not be answered as a whole; the others are.
     *
     * @param picture place of the picture in the sequence sent, from 0
     * @param name    its name as sent
     * @param error   why
     */
    void failed(int picture, String name, ZooBridgeException error);
}
