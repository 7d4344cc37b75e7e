import java.io.File;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;

import org.scijava.Context;
import org.scijava.command.CommandModule;
import org.scijava.command.CommandService;

/** Runs the command for files through SciJava; prints its table and its warnings. */
public class Files {

    public static void main(final String... arguments) throws Exception {
        final Map<String, Object> inputs = new HashMap<>();
        inputs.put("input", new File(arguments[0]));
        inputs.put("model", arguments[1]);
        try (Context context = new Context(CommandService.class)) {
            final Class<?> type = Class.forName("org.zoobridge.imagej.ClassifyFilesCommand");
            final CommandModule module = context.service(CommandService.class)
                    .run(type.asSubclass(org.scijava.command.Command.class), true, inputs).get();
            System.out.print(module.getOutput("csv"));
            System.out.print(module.getOutput("warnings"));
        }
    }
}
